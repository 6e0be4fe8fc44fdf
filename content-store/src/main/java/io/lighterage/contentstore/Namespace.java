package io.lighterage.contentstore;

/// What one tenant sees of the store. Names are as containerd's: `[A-Za-z0-9]+([._-][A-Za-z0-9]+)*`, at most 76.
public interface Namespace {
    /// The namespace used where nobody names one.
    String DEFAULT = "default";

    String name();

    ContentStore content();

    ImageRecords images();

    Leases leases();
}
