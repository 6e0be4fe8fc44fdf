package io.lighterage.contentstore;

import java.util.List;

/// The platform an image is for, as an OCI descriptor or image configuration writes it.
///
/// Fields are kept as they were read; normalisation and matching are the resolver's. Empty strings mean absent.
///
/// @param os such as `linux`
/// @param architecture such as `amd64`
/// @param variant such as `v8`, or empty
/// @param osVersion such as `10.0.17763.1` (Windows), or empty
/// @param osFeatures required features, or empty
public record Platform(String os, String architecture, String variant, String osVersion, List<String> osFeatures) {
    public Platform {
        osFeatures = List.copyOf(osFeatures);
    }

    public Platform(String os, String architecture, String variant) {
        this(os, architecture, variant, "", List.of());
    }

    @Override
    public String toString() {
        return os + "/" + architecture + (variant.isEmpty() ? "" : "/" + variant);
    }
}
