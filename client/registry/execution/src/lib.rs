//! The result of a view call, executed over proven state.
