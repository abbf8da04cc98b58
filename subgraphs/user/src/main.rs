//! The thin binary of the user service.

fn main() {}
