package io.lighterage.app.doctor;

/// One thing that was looked at.
///
/// @param level how it stands
/// @param subject what was looked at, in a word or two
/// @param detail what was found
/// @param remedy what to do; empty when all is well
public record Finding(Level level, String subject, String detail, String remedy) {
    /// How a thing stands.
    public enum Level {
        OK,
        /// Works, with less.
        WARN,
        /// Something asked for will not work.
        FAIL
    }

    static Finding ok(String subject, String detail) {
        return new Finding(Level.OK, subject, detail, "");
    }

    static Finding warn(String subject, String detail, String remedy) {
        return new Finding(Level.WARN, subject, detail, remedy);
    }

    static Finding fail(String subject, String detail, String remedy) {
        return new Finding(Level.FAIL, subject, detail, remedy);
    }
}
