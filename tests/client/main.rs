//! The real client against a server that does exactly what a script says.
mod calls;
mod faults;
mod lists;
mod refresh;
mod scripted;
mod tls;
