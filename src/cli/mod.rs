//! Arguments, files and streams in, exit code out.
pub mod emulate;
