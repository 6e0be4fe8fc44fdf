package io.lighterage.remotesnapshotter.apply;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.lighterage.contentstore.Digest;
import io.lighterage.stargz.compress.Compressed;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The trees must be those that `umoci unpack` makes, below the root entry.
class UmociComparisonTest {
    private static final String OCI = "application/vnd.oci.image.";

    @TempDir
    Path scratch;

    @Test
    void randomImagesUnpackAsUmociDoes() throws Exception {
        Unpacking.assumeRoot();
        assumeTrue(Unpacking.hasCommand("umoci"), "needs umoci");
        int rounds = Boolean.getBoolean("lighterage.full") ? 100 : 8;
        for (int round = 0; round < rounds; round++) {
            long seed = 5000L + round;
            List<byte[]> layers = new RandomLayers(seed, true).next(4);
            Path place = Files.createDirectories(scratch.resolve("round" + round));
            writeLayout(place.resolve("image"), layers);
            Unpacking.command(
                    "umoci",
                    "unpack",
                    "--image",
                    place.resolve("image") + ":latest",
                    place.resolve("bundle").toString());
            Unpacking ours = new Unpacking(Files.createDirectories(place.resolve("ours")));
            ours.merged(layers.toArray(byte[][]::new));
            TreeListing theirs = TreeListing.of(place.resolve("bundle/rootfs"));
            assertThat(ours.listing().differences(theirs, TreeListing.Ignore.ROOT))
                    .as("ours, then umoci's, of seed %d", seed)
                    .isEmpty();
        }
    }

    private static void writeLayout(Path layout, List<byte[]> layers) throws IOException {
        Path blobs = Files.createDirectories(layout.resolve("blobs/sha256"));
        List<String> diffIds = new ArrayList<>();
        List<String> descriptors = new ArrayList<>();
        for (byte[] tar : layers) {
            diffIds.add('"' + Digest.sha256(tar).toString() + '"');
            descriptors.add(put(blobs, OCI + "layer.v1.tar+gzip", Compressed.gzip(tar)));
        }
        String config = put(
                blobs,
                OCI + "config.v1+json",
                text("{\"architecture\":\"amd64\",\"os\":\"linux\",\"config\":{},\"rootfs\":{\"type\":\"layers\","
                        + "\"diff_ids\":[" + String.join(",", diffIds) + "]}}"));
        String manifest = put(
                blobs,
                OCI + "manifest.v1+json",
                text("{\"schemaVersion\":2,\"mediaType\":\"" + OCI + "manifest.v1+json\",\"config\":" + config
                        + ",\"layers\":[" + String.join(",", descriptors) + "]}"));
        String named = manifest.substring(0, manifest.length() - 1)
                + ",\"annotations\":{\"org.opencontainers.image.ref.name\":\"latest\"}}";
        Files.writeString(layout.resolve("index.json"), "{\"schemaVersion\":2,\"manifests\":[" + named + "]}");
        Files.writeString(layout.resolve("oci-layout"), "{\"imageLayoutVersion\":\"1.0.0\"}");
    }

    private static byte[] text(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static String put(Path blobs, String mediaType, byte[] bytes) throws IOException {
        Digest digest = Digest.sha256(bytes);
        Files.write(blobs.resolve(digest.hex()), bytes);
        return "{\"mediaType\":\"" + mediaType + "\",\"digest\":\"" + digest + "\",\"size\":" + bytes.length + "}";
    }
}
