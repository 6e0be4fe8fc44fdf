package io.lighterage.contentstore;

/// What went wrong, in the words every edge (exit code, gRPC status, HTTP status, errno) maps from.
public enum ErrorKind {
    /// The input itself is malformed.
    INVALID,
    /// The named thing does not exist.
    NOT_FOUND,
    /// The named thing exists already.
    ALREADY_EXISTS,
    /// The registry does not know who we are.
    UNAUTHENTICATED,
    /// The registry knows who we are and refuses.
    DENIED,
    /// The state of the store does not allow the operation.
    PRECONDITION,
    /// A peer or the network does not answer; trying again later may help.
    UNAVAILABLE,
    /// A peer asks us to slow down.
    RATE_LIMITED,
    /// No space, quota, memory or descriptors left.
    EXHAUSTED,
    /// Bytes do not match the digest or size they were promised under.
    CORRUPT,
    /// A format, media type or kernel feature we do not have.
    UNSUPPORTED,
    /// Somebody asked us to stop.
    CANCELLED,
    /// A defect of ours.
    INTERNAL
}
