use tokio::sync::watch;

/// What to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stop {
    /// Nothing.
    No,
    /// Nothing new starts; what is in flight finishes.
    Soon,
    /// Everything, at once.
    Now,
}

/// The end that asks an apply to stop: once for soon, twice for now.
#[derive(Debug)]
pub struct Stopper(watch::Sender<Stop>);

/// The end that an apply listens to.
#[derive(Debug, Clone)]
pub struct StopSignal(watch::Receiver<Stop>);

/// Makes both ends.
#[must_use]
pub fn stop_signal() -> (Stopper, StopSignal) {
    let (sender, receiver) = watch::channel(Stop::No);
    (Stopper(sender), StopSignal(receiver))
}

impl Stopper {
    /// Asks to stop, more firmly each time, and returns how firmly it is now.
    pub fn stop(&self) -> Stop {
        self.0.send_modify(|stop| *stop = if *stop == Stop::No { Stop::Soon } else { Stop::Now });
        *self.0.borrow()
    }
}

impl StopSignal {
    /// Returns a signal that never comes.
    #[must_use]
    pub fn never() -> Self {
        stop_signal().1
    }

    /// Returns what is asked for now.
    #[must_use]
    pub fn now(&self) -> Stop {
        *self.0.borrow()
    }

    /// Waits until more is asked for than when this was last called; for ever when nobody is left to ask.
    pub async fn changed(&mut self) -> Stop {
        if self.0.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
        *self.0.borrow_and_update()
    }

    /// Waits until at least this much is asked for.
    pub async fn at_least(&mut self, least: Stop) {
        if self.0.wait_for(|stop| *stop >= least).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
