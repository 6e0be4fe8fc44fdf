package io.lighterage.app;

/// How results are written to stdout.
public enum OutputFormat {
    TEXT,
    JSON;

    @Override
    public String toString() {
        return this == TEXT ? "text" : "json";
    }
}
