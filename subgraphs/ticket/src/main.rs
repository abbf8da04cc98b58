//! The thin binary of the ticket service.

fn main() {}
