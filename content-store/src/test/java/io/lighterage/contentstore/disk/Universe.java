package io.lighterage.contentstore.disk;

import io.lighterage.contentstore.Descriptor;
import io.lighterage.contentstore.Digest;
import io.lighterage.contentstore.MediaType;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/// A fixed set of layers and of documents that point at layers and at earlier documents.
final class Universe {
    /// One thing to store, and what a collector must find in it.
    record Thing(Descriptor descriptor, String text, List<Digest> children, boolean unreadable) {
        byte[] content() {
            return text.getBytes(StandardCharsets.UTF_8);
        }
    }

    final List<Thing> things = new ArrayList<>();
    private final Map<Digest, Thing> byDigest = new HashMap<>();

    Universe(Random random, int layers, int documents) {
        for (int i = 0; i < layers; i++) {
            String text = "layer " + i + " of " + random.nextLong();
            add(new Thing(Bytes.layer(text.getBytes(StandardCharsets.UTF_8)), text, List.of(), false));
        }
        for (int i = 0; i < documents; i++) {
            List<Descriptor> children = new ArrayList<>();
            for (int n = random.nextInt(6); n > 0; n--) {
                children.add(pick(random).descriptor());
            }
            byte[] content = Bytes.document(children.toArray(new Descriptor[0]));
            Descriptor typed = Bytes.manifest(content);
            // Every third was ingested by somebody who did not know its type.
            Descriptor descriptor = i % 3 == 0 ? new Descriptor("", typed.digest(), typed.size()) : typed;
            if (!byDigest.containsKey(typed.digest())) {
                List<Digest> digests = children.stream().map(Descriptor::digest).toList();
                add(new Thing(descriptor, new String(content, StandardCharsets.UTF_8), digests, false));
            }
        }
        String nonsense = "nonsense " + random.nextLong();
        Descriptor index = new Descriptor(
                MediaType.OCI_INDEX, Digest.sha256(nonsense.getBytes(StandardCharsets.UTF_8)), nonsense.length());
        add(new Thing(index, nonsense, List.of(), true));
    }

    Thing pick(Random random) {
        return things.get(random.nextInt(things.size()));
    }

    Thing get(Digest digest) {
        Thing thing = byDigest.get(digest);
        if (thing == null) {
            throw new AssertionError("unknown " + digest);
        }
        return thing;
    }

    private void add(Thing thing) {
        things.add(thing);
        byDigest.put(thing.descriptor().digest(), thing);
    }
}
