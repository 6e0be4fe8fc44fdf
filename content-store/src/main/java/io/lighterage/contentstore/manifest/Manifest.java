package io.lighterage.contentstore.manifest;

import io.lighterage.contentstore.Descriptor;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// A parsed manifest document: either one image or an index of several.
public sealed interface Manifest {
    /// The media type the document was parsed as.
    String mediaType();

    Map<String, String> annotations();

    /// Everything the document points at, in order: what a garbage collector must keep with it.
    List<Descriptor> children();

    /// One image: a configuration and its layers, base first.
    record Image(
            String mediaType,
            Descriptor config,
            List<Descriptor> layers,
            Optional<Descriptor> subject,
            String artifactType,
            Map<String, String> annotations)
            implements Manifest {
        public Image {
            layers = List.copyOf(layers);
            annotations = Map.copyOf(annotations);
        }

        @Override
        public List<Descriptor> children() {
            java.util.ArrayList<Descriptor> all = new java.util.ArrayList<>(layers.size() + 1);
            all.add(config);
            all.addAll(layers);
            return List.copyOf(all);
        }
    }

    /// Several images, usually one a platform; entries may be indexes again.
    record Index(
            String mediaType,
            List<Descriptor> manifests,
            Optional<Descriptor> subject,
            String artifactType,
            Map<String, String> annotations)
            implements Manifest {
        public Index {
            manifests = List.copyOf(manifests);
            annotations = Map.copyOf(annotations);
        }

        @Override
        public List<Descriptor> children() {
            return manifests;
        }
    }
}
