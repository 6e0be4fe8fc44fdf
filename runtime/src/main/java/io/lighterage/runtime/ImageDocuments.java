package io.lighterage.runtime;

import io.lighterage.contentstore.Descriptor;

/// The documents of one image as they were served, byte for byte.
///
/// @param name fully qualified name
/// @param target what the name stands for: an index or a manifest
/// @param targetText the document `target` names
/// @param manifestDescriptor the manifest chosen for the platform; equal to `target` where that is no index
/// @param manifestText its text
/// @param configText the configuration's text
/// @param local whether all this came from the store, without asking the source
public record ImageDocuments(
        String name,
        Descriptor target,
        String targetText,
        Descriptor manifestDescriptor,
        String manifestText,
        String configText,
        boolean local) {}
