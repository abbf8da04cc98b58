//! The thin binary of the spacemaster service.

fn main() {}
