//! The thin binary of the event service.

fn main() {}
