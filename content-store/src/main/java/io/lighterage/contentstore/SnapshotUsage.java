package io.lighterage.contentstore;

/// What one snapshot takes on disk, without what lies below it.
///
/// @param bytes of the blocks in use
/// @param inodes files of any type, each once whatever the number of its names
public record SnapshotUsage(long bytes, long inodes) {
    /// That of a layer whose bytes are elsewhere.
    public static final SnapshotUsage NONE = new SnapshotUsage(0, 0);

    public SnapshotUsage {
        if (bytes < 0 || inodes < 0) {
            throw new ImageException(
                    ErrorKind.INVALID, "a snapshot cannot take " + bytes + " bytes and " + inodes + " inodes");
        }
    }
}
