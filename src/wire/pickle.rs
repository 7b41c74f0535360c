//! The symbolic pickle decoder.
