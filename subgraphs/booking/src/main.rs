//! The thin binary of the booking service.

fn main() {}
