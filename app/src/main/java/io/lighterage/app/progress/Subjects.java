package io.lighterage.app.progress;

/// What progress is about, in few characters.
final class Subjects {
    private static final int DIGITS = 12;

    private Subjects() {}

    /// The first twelve digits of a digest; anything else as it is.
    static String shortened(String subject) {
        return isDigest(subject)
                ? subject.substring(subject.indexOf(':') + 1, subject.indexOf(':') + 1 + DIGITS)
                : subject;
    }

    /// Whether the subject is a blob and not the image.
    static boolean isDigest(String subject) {
        return (subject.startsWith("sha256:") || subject.startsWith("sha512:"))
                && subject.length() >= "sha256:".length() + DIGITS
                && subject.indexOf('/') < 0;
    }
}
