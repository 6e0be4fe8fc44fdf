package io.lighterage.linux;

/// Loop devices, which show a file as a block device to what does not mount files (`loop(4)`). Every call
/// returns zero or more on success and `-errno` on failure. [NativeLoopCalls] asks the kernel;
/// [RecordingLoopCalls] is its twin for tests without root.
public interface LoopCalls {
    /// Number of a device that nothing uses now; another process may take it before [#attach] does.
    int free();

    /// Makes a device show an open file, read-only. The device goes away by itself when the last descriptor
    /// of it is closed and nothing is mounted from it.
    ///
    /// @param number from [#free]
    /// @param file descriptor of a regular file, which may be closed afterwards
    /// @return a descriptor of the device, to be closed by the caller; `-EBUSY` when another process was
    ///     faster
    int attach(int number, int file);
}
