package io.lighterage.app.progress;

/// How progress is written to stderr.
public enum ProgressStyle {
    /// A board on a terminal, lines elsewhere.
    AUTO("auto"),
    /// One line for each change of state.
    PLAIN("plain"),
    /// One JSON object a line.
    JSON("json"),
    /// Nothing.
    NONE("none");

    private final String word;

    ProgressStyle(String word) {
        this.word = word;
    }

    @Override
    public String toString() {
        return word;
    }
}
