//! How each place writes: what must be escaped, how much fits, how long text is cut so that its
//! head and its tail survive.
