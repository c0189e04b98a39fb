//! The compiled half of the `strongroom` Python package: conversions only.
