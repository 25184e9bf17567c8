//! What the system may write of the memory of this process.

/// Keeps the memory of this process, which may hold secret keys, out of core dumps, and on Linux from other processes of the
/// same user. The commands that keys are delivered to leave no core dumps either. Where the system refuses, nothing changes.
pub(super) fn keep_private() {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, setrlimit};
        _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) });
    }
    // Where a program takes the dumps, the limit does not count.
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{DumpableBehavior, set_dumpable_behavior};
        _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
    }
}
