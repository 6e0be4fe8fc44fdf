package io.lighterage.proxyplugin;

import io.grpc.Status;
import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;

/// The one place where kinds of failure become gRPC status codes, in the meaning containerd gives them.
final class StatusOf {
    private static final System.Logger LOG = System.getLogger(StatusOf.class.getName());

    /// It travels in a header, percent-encoded, of which careful clients take 8 KiB.
    private static final int LONGEST_MESSAGE = 2048;

    private StatusOf() {}

    static Status failure(Throwable failure) {
        if (failure instanceof ImageException known) {
            if (known.kind() == ErrorKind.INTERNAL) {
                LOG.log(System.Logger.Level.WARNING, known.getMessage(), known);
            }
            return kind(known.kind()).withDescription(shortened(known.getMessage()));
        }
        LOG.log(System.Logger.Level.ERROR, "a call failed: " + failure, failure);
        return Status.INTERNAL.withDescription(shortened(failure.toString()));
    }

    static Status kind(ErrorKind kind) {
        return switch (kind) {
            case INVALID -> Status.INVALID_ARGUMENT;
            case NOT_FOUND -> Status.NOT_FOUND;
            case ALREADY_EXISTS -> Status.ALREADY_EXISTS;
            case UNAUTHENTICATED -> Status.UNAUTHENTICATED;
            case DENIED -> Status.PERMISSION_DENIED;
            case PRECONDITION -> Status.FAILED_PRECONDITION;
            case UNAVAILABLE, RATE_LIMITED -> Status.UNAVAILABLE;
            case EXHAUSTED -> Status.RESOURCE_EXHAUSTED;
            case CORRUPT -> Status.DATA_LOSS;
            case UNSUPPORTED -> Status.UNIMPLEMENTED;
            case CANCELLED -> Status.CANCELLED;
            case INTERNAL -> Status.INTERNAL;
        };
    }

    private static String shortened(String message) {
        return message.length() <= LONGEST_MESSAGE ? message : message.substring(0, LONGEST_MESSAGE) + "…";
    }
}
