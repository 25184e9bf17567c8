//! The thin binary: arguments in, exit code out.

// A plan makes millions of small texts, which the allocators of the systems take a fifth longer for, and that of the static
// release far longer.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    scw_iam::cli::main()
}
