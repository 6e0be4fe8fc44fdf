package io.lighterage.runtime;

/// How the kernel is to see a mounted image.
public enum MountWay {
    /// As EROFS where that can be done, else over FUSE.
    AUTO,
    /// As EROFS over flat files: the kernel answers for names and attributes, and asks for bytes only. For root.
    EROFS,
    /// Over FUSE: every question is answered from the image's indexes. For everybody.
    TREE
}
