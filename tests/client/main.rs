//! The real client against a server that does exactly what a script says.
mod calls;
mod faults;
mod library;
mod lists;
mod operations;
mod refresh;
mod scripted;
mod tls;
