//! Query plan to response. IO only through a trait.
