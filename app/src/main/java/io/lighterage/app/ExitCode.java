package io.lighterage.app;

import io.lighterage.contentstore.ErrorKind;

/// Exit codes of `lighter`: the one place where error kinds become numbers.
public final class ExitCode {
    public static final int OK = 0;
    public static final int OTHER = 1;
    public static final int NOT_FOUND = 2;
    public static final int AUTHENTICATION = 3;
    public static final int VERIFICATION = 4;
    public static final int NETWORK = 5;
    public static final int NO_SPACE = 6;
    public static final int UNSUPPORTED = 7;
    /// `EX_USAGE` of sysexits(3).
    public static final int USAGE = 64;
    /// What a shell reports for a command ended by SIGINT.
    public static final int INTERRUPTED = 130;

    private ExitCode() {}

    /// The code a failure of this kind ends with.
    public static int of(ErrorKind kind) {
        return switch (kind) {
            case INVALID, ALREADY_EXISTS, PRECONDITION, INTERNAL -> OTHER;
            case NOT_FOUND -> NOT_FOUND;
            case UNAUTHENTICATED, DENIED -> AUTHENTICATION;
            case CORRUPT -> VERIFICATION;
            case UNAVAILABLE, RATE_LIMITED -> NETWORK;
            case EXHAUSTED -> NO_SPACE;
            case UNSUPPORTED -> UNSUPPORTED;
            case CANCELLED -> INTERRUPTED;
        };
    }
}
