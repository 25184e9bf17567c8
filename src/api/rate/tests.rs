use std::cell::RefCell;

use futures::stream::{FuturesUnordered, StreamExt as _};
use proptest::prelude::*;

use super::super::retry::{Decision, Replay, RetryPolicy, RetryReason, Try, TryFailure};
use super::*;

const PAUSE: Duration = Duration::from_millis(250);

/// Sends so many requests, and returns how long that took, in seconds.
async fn spent(limiter: &Limiter, requests: usize) -> f64 {
    let start = Instant::now();
    for _ in 0..requests {
        limiter.turn().await;
    }
    start.elapsed().as_secs_f64()
}

fn near(found: f64, wanted: f64) -> bool {
    (found - wanted).abs() <= 0.05 * wanted
}

fn rate(limiter: &Limiter) -> f64 {
    limiter.state().rate
}

#[tokio::test(start_paused = true)]
async fn sixty_go_out_at_once_and_then_ten_a_second_more_each_second() {
    let limiter = Limiter::new(100.0);
    assert!(spent(&limiter, 60).await < 0.001);
    for (requests, rate_after) in [(65, 70.0), (75, 80.0), (85, 90.0), (95, 100.0), (100, 100.0)] {
        let took = spent(&limiter, requests).await;
        assert!(near(took, 1.0), "{requests} in {took}");
        assert!(near(rate(&limiter), rate_after), "{}", rate(&limiter));
    }
}

#[tokio::test(start_paused = true)]
async fn a_rate_that_nobody_waits_for_does_not_climb() {
    let limiter = Limiter::new(100.0);
    for _ in 0..100 {
        limiter.turn().await;
        tokio::time::advance(Duration::from_millis(20)).await;
    }
    assert!((rate(&limiter) - 60.0).abs() < f64::EPSILON, "{}", rate(&limiter));
}

#[tokio::test(start_paused = true)]
async fn a_maximum_is_kept_from_the_first_request_on_and_a_high_one_starts_higher() {
    let limiter = Limiter::new(10.0);
    assert!(spent(&limiter, 10).await < 0.001);
    assert!(near(spent(&limiter, 20).await, 2.0));
    assert!(near(spent(&Limiter::new(0.0), 4).await, 3.0), "less than one a second is one");
    assert!(spent(&Limiter::new(1000.0), 600).await < 0.001);
}

#[tokio::test(start_paused = true)]
async fn a_wave_of_refusals_halves_the_rate_once() {
    let limiter = Limiter::new(60.0);
    let wave: Vec<Wave> = [limiter.turn().await; 20].into();
    for refused in wave {
        limiter.refused(refused, PAUSE);
        tokio::time::advance(Duration::from_millis(200)).await; // the slowest of them is seconds late
    }
    assert!((rate(&limiter) - 30.0).abs() < f64::EPSILON, "{}", rate(&limiter));
    assert!(spent(&limiter, 1).await > 0.05, "the burst is gone, and the last of them pauses all the same");
    let again = limiter.turn().await;
    limiter.refused(again, PAUSE);
    assert!((15.0..19.0).contains(&rate(&limiter)), "{}", rate(&limiter)); // it climbed while one waited
}

#[tokio::test(start_paused = true)]
async fn whoever_waits_already_waits_for_the_halved_rate() {
    let limiter = Limiter::new(60.0);
    let first = limiter.turn().await;
    spent(&limiter, 59).await;
    let waiting = spent(&limiter, 30);
    let refusal = async {
        tokio::time::sleep(Duration::from_millis(1)).await;
        limiter.refused(first, Duration::ZERO);
    };
    let (took, ()) = futures::join!(waiting, refusal);
    // From 30 a second it climbs: half a second at 60, and nearly nine tenths of one now.
    assert!((0.8..1.0).contains(&took), "{took}");
}

#[tokio::test(start_paused = true)]
async fn refusals_without_end_leave_one_request_a_second() {
    let limiter = Limiter::new(100.0);
    for _ in 0..20 {
        let wave = limiter.turn().await;
        limiter.refused(wave, Duration::ZERO);
    }
    assert!((FLOOR..12.0).contains(&rate(&limiter)), "{}", rate(&limiter));
}

#[tokio::test(start_paused = true)]
async fn a_named_time_closes_the_bucket_for_everybody_and_saves_up_nothing() {
    let limiter = Limiter::new(60.0);
    let wave = limiter.turn().await;
    limiter.refused(wave, Duration::from_secs(7));
    limiter.refused(wave, Duration::from_secs(1)); // asks for less
    assert!(near(spent(&limiter, 1).await, 7.0 + 1.0 / 30.0));
    assert!(spent(&limiter, 30).await > 0.7, "no burst after the pause");
}

#[test]
fn clients_of_one_address_share_a_bucket_at_the_lowest_of_their_maxima() {
    let address = "https://a-bucket-of-this-test.example";
    let (one, two) = (Limiter::of(address, 80.0), Limiter::of(address, 20.0));
    assert!(Arc::ptr_eq(&one, &two));
    assert!((rate(&one) - 20.0).abs() < f64::EPSILON);
    assert!(!Arc::ptr_eq(&one, &Limiter::of("https://another.example", 80.0)));
    drop((one, two));
    assert!((rate(&Limiter::of(address, 80.0)) - 60.0).abs() < f64::EPSILON, "a new one starts anew");
}

/// What refuses: how many pass in a second, and in which way they are counted.
#[derive(Debug, Clone, Copy)]
enum Gateway {
    /// So many at once, and so many more each second.
    Bucket,
    /// So many from one full second to the next.
    Window,
}

#[derive(Debug, Clone, Copy)]
struct Server {
    gateway: Gateway,
    per_second: f64,
    /// How long an answer takes.
    latency: Duration,
    retry_after: Option<Duration>,
}

/// What came of sending many requests through a limiter to a server, refused ones again as the retry policy says.
#[derive(Debug)]
struct Sent {
    seconds: f64,
    refused: usize,
    /// How many requests were given up.
    lost: usize,
}

async fn send(server: Server, max: f64, requests: usize, places: usize) -> Sent {
    let (limiter, policy, began) = (Limiter::new(max), RetryPolicy::default(), Instant::now());
    let counted = RefCell::new((server.per_second, Duration::ZERO));
    let passes = || {
        let (tokens, at) = &mut *counted.borrow_mut();
        let now = began.elapsed();
        match server.gateway {
            Gateway::Bucket => {
                let passed = (now - *at).as_secs_f64();
                *tokens = (*tokens + passed * server.per_second).min(server.per_second);
            }
            Gateway::Window if now.as_secs() > at.as_secs() => *tokens = server.per_second,
            Gateway::Window => {}
        }
        *at = now;
        let passes = *tokens >= 1.0;
        *tokens -= if passes { 1.0 } else { 0.0 };
        passes
    };
    let (refused, lost) = (RefCell::new(0), RefCell::new(0));
    let one = async |number: usize| {
        let first = Instant::now();
        for attempt in 1.. {
            let wave = limiter.turn().await;
            let passed = passes();
            tokio::time::sleep(server.latency).await;
            if passed {
                return;
            }
            *refused.borrow_mut() += 1;
            limiter.refused(wave, policy.pause(server.retry_after));
            let decision = policy.decide(&Try {
                replay: Replay::Never,
                failure: TryFailure::Status(429, RetryReason::Other),
                attempt,
                elapsed: first.elapsed(),
                retry_after: server.retry_after,
                propagation_left: Duration::ZERO,
                jitter: (number * 31 + attempt as usize * 17) as f64 % 97.0 / 97.0,
            });
            match decision {
                Decision::Again(wait) => tokio::time::sleep(wait).await,
                Decision::GiveUp => {
                    *lost.borrow_mut() += 1;
                    return;
                }
            }
        }
    };
    let mut running = FuturesUnordered::new();
    for at in 0..requests {
        if running.len() == places {
            running.next().await;
        }
        running.push(one(at));
    }
    while running.next().await.is_some() {}
    drop(running);
    Sent { seconds: began.elapsed().as_secs_f64(), refused: refused.into_inner(), lost: lost.into_inner() }
}

fn in_paused_time<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    runtime.expect("a runtime").block_on(work)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    /// Whatever the limit, all requests get through, with few refusals, and at a good part of what the limit allows.
    #[test]
    fn any_limit_is_found_without_a_storm(
        window: bool,
        per_second in 10u32..150,
        latency in 1u64..300,
        retry_after in prop::option::of(1u64..3),
        max in 1u32..200,
        places in 1usize..40,
    ) {
        let server = Server {
            gateway: if window { Gateway::Window } else { Gateway::Bucket },
            per_second: f64::from(per_second),
            latency: Duration::from_millis(latency),
            retry_after: retry_after.map(Duration::from_secs),
        };
        let requests = 600;
        let sent = in_paused_time(send(server, f64::from(max), requests, places));
        // A wave is what is in flight when the first refusal arrives; a climb takes a second at least.
        let waves = 10.0 + sent.seconds;
        prop_assert!((sent.refused as f64) < waves * (places as f64).min(20.0), "{sent:?}");
        prop_assert_eq!(sent.lost, 0, "{:?}", sent);
        let fed = 1000.0 / latency as f64 * places as f64;
        let allowed = f64::from(per_second).min(f64::from(max)).min(fed);
        // Each wave costs the time that the server names.
        let times = 2.5 + retry_after.unwrap_or(0) as f64;
        let limit = 12.0 + times * requests as f64 / allowed;
        prop_assert!(sent.seconds < limit, "{sent:?}, {allowed} allowed");
        prop_assert!(sent.seconds + 1.0 >= (requests as f64 - 60.0f64.max(0.6 * f64::from(max))) / f64::from(max));
    }
}

#[test]
fn a_limit_of_sixty_six_a_second_costs_less_than_a_quarter_more() {
    let server = Server {
        gateway: Gateway::Bucket,
        per_second: 66.0,
        latency: Duration::from_millis(54),
        retry_after: None,
    };
    for retry_after in [None, Some(Duration::from_secs(1))] {
        let server = Server { retry_after, ..server };
        for requests in [526, 5000] {
            let sent = in_paused_time(send(server, 100.0, requests, 20));
            let allowed = (requests as f64 - 66.0) / 66.0;
            assert!(sent.seconds < 1.25 * allowed, "{sent:?}, {allowed} allowed");
            assert!(sent.refused * 50 < requests, "{sent:?}");
        }
    }
}
