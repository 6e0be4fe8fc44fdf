package io.lighterage.runtime.bundle;

import java.util.List;

/// Who the process of a container is.
///
/// @param uid 0 to 2³¹-1
/// @param gid 0 to 2³¹-1
/// @param additionalGids supplementary groups without `gid`
/// @param home absolute path of the home directory inside the container
public record ContainerUser(int uid, int gid, List<Integer> additionalGids, String home) {
    public ContainerUser {
        if (uid < 0 || gid < 0) {
            throw new IllegalArgumentException("uid " + uid + " and gid " + gid + " must be 0 or more");
        }
        additionalGids = List.copyOf(additionalGids);
    }
}
