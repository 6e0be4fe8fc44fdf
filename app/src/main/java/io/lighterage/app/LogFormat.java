package io.lighterage.app;

/// How the log is written.
public enum LogFormat {
    /// Lines for people.
    TEXT,
    /// One JSON object a line.
    JSON
}
