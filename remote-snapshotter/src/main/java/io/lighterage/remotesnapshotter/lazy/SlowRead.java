package io.lighterage.remotesnapshotter.lazy;

import java.time.Instant;

/// One read that had to wait for the network.
///
/// @param path the file, as in the layer
/// @param offset first byte wanted, in the file
/// @param length bytes wanted
/// @param bytesFetched compressed bytes of the requests it waited for
/// @param roundTrips how many requests it waited for; 0 when another's brought the bytes
/// @param nanos how long it waited
/// @param when it began
public record SlowRead(
        String path, long offset, long length, long bytesFetched, int roundTrips, long nanos, Instant when) {}
