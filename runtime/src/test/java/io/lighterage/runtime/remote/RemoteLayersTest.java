package io.lighterage.runtime.remote;

import static io.lighterage.stargz.tar.Tars.dir;
import static io.lighterage.stargz.tar.Tars.file;
import static io.lighterage.stargz.tar.Tars.tarOf;
import static io.lighterage.stargz.tar.Tars.whiteout;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.lighterage.contentstore.Digest;
import io.lighterage.contentstore.ImageException;
import io.lighterage.contentstore.SnapshotKey;
import io.lighterage.contentstore.SnapshotKind;
import io.lighterage.contentstore.SnapshotRecord;
import io.lighterage.mirror.Fault;
import io.lighterage.mirror.LayoutUpstream;
import io.lighterage.mirror.MirrorOptions;
import io.lighterage.mirror.MirrorServer;
import io.lighterage.remotesnapshotter.lazy.LazyOptions;
import io.lighterage.remotesnapshotter.mount.FuseTreeMounter;
import io.lighterage.remotesnapshotter.snapshots.LayerSource;
import io.lighterage.remotesnapshotter.snapshots.LayerSource.Answer;
import io.lighterage.remotesnapshotter.snapshots.Snapshotter;
import io.lighterage.resolver.ResolverConfig;
import io.lighterage.runtime.ImageRuntime;
import io.lighterage.runtime.RuntimeConfig;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Layers found by labels, in a registry of our own and over real mounts.
class RemoteLayersTest {
    private static final RemoteOptions OPTIONS =
            RemoteOptions.of(LazyOptions.defaults().withBackground(false).withReadTimeout(Duration.ofSeconds(10)));

    @TempDir
    Path folder;

    private MirrorServer registry;
    private ImageRuntime runtime;
    private RemoteLayers layers;
    private NamedLayers image;
    private List<Digest> chain;
    private List<Digest> blobs;

    @BeforeEach
    void serveALazyImage() {
        assumeTrue("root".equals(System.getProperty("user.name")), "needs root to mount for everybody");
        assumeTrue(Files.exists(Path.of("/dev/fuse")), "needs /dev/fuse");
        Path layout = folder.resolve("lazy");
        image = NamedLayers.lazy(
                layout,
                folder.resolve("converting"),
                tarOf(dir("d"), file("d/kept", "below"), file("d/gone", "below")),
                tarOf(whiteout("d/gone"), file("d/kept", "above")),
                tarOf(file("top", "top")));
        chain = image.chain();
        blobs = image.blobs();
        registry = MirrorServer.start(MirrorOptions.defaults(), new LayoutUpstream("app", layout));
        open(OPTIONS);
    }

    private void open(RemoteOptions options) {
        ResolverConfig config = new ResolverConfig(
                Optional.empty(),
                Optional.empty(),
                true,
                Optional.empty(),
                true,
                4,
                Duration.ofSeconds(10),
                0,
                Map.of());
        runtime = ImageRuntime.open(RuntimeConfig.at(folder.resolve("root")).withResolver(config.withoutLinkLocal()));
        layers = new RemoteLayers(runtime, new FuseTreeMounter(), options);
    }

    @AfterEach
    void stop() {
        if (layers != null) {
            close();
            registry.close();
        }
    }

    private void close() {
        layers.close();
        runtime.close();
    }

    private String reference() {
        return registry.hostPort() + "/app:latest";
    }

    private Map<String, String> stargz(int layer) {
        return image.labels(reference(), layer);
    }

    private Map<String, String> labels(int layer, Map<String, String> more) {
        Map<String, String> all = new HashMap<>(more);
        all.put(Snapshotter.TARGET_LABEL, chain.get(layer).toString());
        return all;
    }

    private Answer take(int layer, Map<String, String> labels) {
        Optional<SnapshotRecord> parent = layer == 0 ? Optional.empty() : Optional.of(snapshot(layer - 1, Map.of()));
        return layers.take(new LayerSource.Request(labels.getOrDefault(Snapshotter.TARGET_LABEL, ""), parent, labels));
    }

    private Map<String, String> taken(int layer) {
        Answer answer = take(layer, stargz(layer));
        assertThat(answer).isInstanceOf(Answer.Ready.class);
        return ((Answer.Ready) answer).labels();
    }

    private static String reason(Answer answer) {
        assertThat(answer).isInstanceOf(Answer.NotHere.class);
        return ((Answer.NotHere) answer).reason();
    }

    private SnapshotRecord snapshot(int layer, Map<String, String> labels) {
        return new SnapshotRecord(
                layer + 1,
                SnapshotKey.of("layer " + layer),
                SnapshotKind.COMMITTED,
                Optional.empty(),
                labels(layer, labels),
                Instant.EPOCH,
                Instant.EPOCH,
                Optional.empty());
    }

    private long manifestRequests() {
        return registry.requests().stream()
                .filter(request -> request.path().contains("/manifests/"))
                .count();
    }

    @Test
    void layersAreTakenByTheLabelsOfEitherFamilyAndByOneOpening() {
        for (int i = 0; i < 3; i++) {
            assertThat(taken(i))
                    .containsEntry(RemoteLayers.LAYER_LABEL, blobs.get(i).toString());
        }
        assertThat(manifestRequests()).isEqualTo(1);
        String image = taken(0).getOrDefault(RemoteLayers.IMAGE_LABEL, "");
        assertThat(image).startsWith(registry.hostPort() + "/app@sha256:");
        Map<String, String> cri = labels(
                1,
                Map.of(
                        "containerd.io/snapshot/cri.image-ref", reference(),
                        "containerd.io/snapshot/cri.manifest-digest", image.substring(image.indexOf('@') + 1),
                        "containerd.io/snapshot/cri.layer-digest", blobs.get(1).toString()));
        Answer answer = take(1, cri);
        assertThat(answer).isInstanceOf(Answer.Ready.class);
        assertThat(((Answer.Ready) answer).top()).isFalse();
        assertThat(((Answer.Ready) take(2, stargz(2))).top()).isTrue();
        assertThat(manifestRequests()).as("that manifest is here").isEqualTo(1);
    }

    @Test
    void aThousandCallsOpenTheImageOnce() throws Exception {
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Callable<Answer>> calls = new ArrayList<>();
            for (int i = 0; i < 1000; i++) {
                int layer = i % 3;
                calls.add(() -> take(layer, stargz(layer)));
            }
            for (var answer : threads.invokeAll(calls)) {
                assertThat(answer.get()).isInstanceOf(Answer.Ready.class);
            }
        }
        assertThat(manifestRequests()).isEqualTo(1);
    }

    @Test
    void whatIsNotExactlyALayerOfTheImageIsNotTaken() {
        assertThat(reason(take(
                        0, Map.of(Snapshotter.TARGET_LABEL, chain.getFirst().toString()))))
                .contains("name no image");
        Map<String, String> other = new HashMap<>(stargz(0));
        other.put(Snapshotter.TARGET_LABEL, Digest.sha256(new byte[1]).toString());
        assertThat(reason(take(0, other))).contains("no layer of that chain id");
        Map<String, String> blob = new HashMap<>(stargz(0));
        blob.put("containerd.io/snapshot/remote/stargz.digest", blobs.get(1).toString());
        assertThat(reason(take(0, blob))).contains("the labels name " + blobs.get(1));
        assertThat(reason(layers.take(new LayerSource.Request(chain.get(1).toString(), Optional.empty(), stargz(1)))))
                .contains("it would lie on ''");
    }

    @Test
    void labelsThatMakeNoSenseAreNotTakenAndNothingIsAsked() {
        String name = "containerd.io/snapshot/remote/stargz.reference";
        String digest = "containerd.io/snapshot/remote/stargz.digest";
        for (String bad : List.of(
                "host.example/UPPER", "a:b:c", "/", "x@y", "\u0000", "host:99999/x:y", "é/x", "a".repeat(4000))) {
            assertThat(reason(take(
                            0,
                            labels(0, Map.of(name, bad, digest, blobs.getFirst().toString())))))
                    .containsAnyOf("reference", "digest", "UNSUPPORTED", "algorithm");
        }
        for (String bad : List.of("sha256:", "md5:00", "sha256:../../x", "x")) {
            assertThat(reason(take(0, labels(0, Map.of(name, reference(), digest, bad)))))
                    .contains(digest);
        }
        assertThat(registry.requests()).isEmpty();
    }

    @Test
    void namesThatLeadToMetadataServicesAreNotFollowed() {
        for (String host : List.of("169.254.169.254", "[fe80::1]:80", "[fd00:ec2::254]:80", "100.100.100.200:80")) {
            Map<String, String> labels = labels(
                    0,
                    Map.of(
                            "containerd.io/snapshot/remote/stargz.reference",
                            host + "/app:latest",
                            "containerd.io/snapshot/remote/stargz.digest",
                            blobs.getFirst().toString()));
            assertThat(reason(take(0, labels))).contains("metadata service");
        }
    }

    @Test
    void aRedirectToAMetadataServiceIsNotFollowed() {
        registry.faults().nextBlobs(100, Fault.redirect(URI.create("http://169.254.169.254/latest/meta-data")));
        assertThat(reason(take(0, stargz(0)))).contains("169.254.169.254", "metadata service");
    }

    @Test
    void addressesInLabelsAreNotAsked() {
        try (MirrorServer other =
                MirrorServer.start(MirrorOptions.defaults(), new LayoutUpstream("app", folder.resolve("lazy")))) {
            Map<String, String> labels = new HashMap<>(stargz(0));
            String blob = other.uri() + "/v2/app/blobs/" + blobs.getFirst();
            labels.put("containerd.io/snapshot/remote/urls", blob + ",http://169.254.169.254/latest/meta-data");
            labels.put("containerd.io/snapshot/remote/urls." + blobs.getFirst(), blob);
            registry.faults().nextBlobs(100, Fault.status(404));
            assertThat(reason(take(0, labels))).contains("404");
            assertThat(other.requests()).isEmpty();
        }
    }

    @Test
    void aFailureIsRememberedSoThatNotEveryLayerWaitsForIt() {
        registry.faults().nextManifests(1, Fault.status(500));
        String first = reason(take(0, stargz(0)));
        assertThat(first).contains("500");
        assertThat(reason(take(1, stargz(1))))
                .as("the next request would be answered")
                .isEqualTo(first);
        assertThat(manifestRequests()).isEqualTo(1);
    }

    @Test
    void aFailureIsForgottenAfterAWhile() throws Exception {
        close();
        open(new RemoteOptions(OPTIONS.lazy(), OPTIONS.patience(), OPTIONS.unused(), Duration.ofMillis(1)));
        registry.faults().nextManifests(1, new Fault.Status(500, Map.of(), ""));
        assertThat(reason(take(0, stargz(0)))).contains("500");
        TimeUnit.MILLISECONDS.sleep(5);
        assertThat(taken(0)).isNotEmpty();
    }

    @Test
    void whoWaitsTooLongIsSentAwayAndTheOpeningGoesOn() throws Exception {
        close();
        open(OPTIONS.withPatience(Duration.ofMillis(100)));
        CountDownLatch held = new CountDownLatch(1);
        registry.faults().nextBlobs(4, new Fault.Hold(held));
        assertThat(reason(take(0, stargz(0)))).contains("not done after");
        held.countDown();
        for (int attempt = 0; attempt < 500 && take(0, stargz(0)) instanceof Answer.NotHere; attempt++) {
            TimeUnit.MILLISECONDS.sleep(20);
        }
        assertThat(taken(0)).isNotEmpty();
        assertThat(manifestRequests()).isEqualTo(1);
    }

    @Test
    void aMountShowsALayerWithAllBelowItAlsoWithoutTheRegistry() throws Exception {
        Path top = Files.createDirectory(folder.resolve("top"));
        Path base = Files.createDirectory(folder.resolve("base"));
        SnapshotRecord upper = snapshot(2, taken(2));
        SnapshotRecord lower = snapshot(0, taken(0));
        layers.check(upper, top);
        layers.check(upper, top);
        assertThat(top.resolve("d/kept")).content().isEqualTo("above");
        assertThat(top.resolve("d/gone")).doesNotExist();
        close();
        assertThat(top).isEmptyDirectory();
        registry.close();
        open(OPTIONS);
        layers.check(upper, top);
        layers.check(lower, base);
        assertThat(top.resolve("d/kept")).content().isEqualTo("above");
        assertThat(base.resolve("d/gone")).exists();
        assertThat(base.resolve("top")).doesNotExist();
    }

    @Test
    void whoIsInAMountThatIsReleasedMayReadOn() throws Exception {
        Path top = Files.createDirectory(folder.resolve("top"));
        layers.check(snapshot(2, taken(2)), top);
        try (var reader = Files.newInputStream(top.resolve("d/kept"))) {
            layers.release(top);
            assertThat(top).isEmptyDirectory();
            assertThat(new String(reader.readAllBytes(), StandardCharsets.UTF_8))
                    .isEqualTo("above");
        }
    }

    @Test
    void whatSomebodyElseUnmountedIsMountedAgain() throws Exception {
        Path top = Files.createDirectory(folder.resolve("top"));
        SnapshotRecord upper = snapshot(2, taken(2));
        layers.check(upper, top);
        assertThat(new ProcessBuilder("umount", top.toString()).start().waitFor())
                .isZero();
        for (int attempt = 0; attempt < 500 && !Files.exists(top.resolve("top")); attempt++) {
            layers.check(upper, top);
            TimeUnit.MILLISECONDS.sleep(10);
        }
        assertThat(top.resolve("top")).content().isEqualTo("top");
    }

    @Test
    void imagesThatNoSnapshotNeedsAreForgottenWithTheirLayers() throws Exception {
        SnapshotRecord upper = snapshot(2, taken(2));
        assertThat(layers.keepOnly(List.of(upper))).isTrue();
        assertThat(runtime.images()).hasSize(1);
        for (int attempt = 0; attempt < 500 && !layers.keepOnly(List.of()); attempt++) {
            TimeUnit.MILLISECONDS.sleep(20);
        }
        assertThat(runtime.images()).isEmpty();
        assertThat(runtime.layers().bytes()).isZero();
        Path top = Files.createDirectory(folder.resolve("top"));
        registry.close();
        assertThatThrownBy(() -> layers.check(upper, top)).isInstanceOf(ImageException.class);
    }

    @Test
    void layersOfAForgottenImageGoAfterItsLastReader() throws Exception {
        Path top = Files.createDirectory(folder.resolve("top"));
        layers.check(snapshot(2, taken(2)), top);
        try (var reader = Files.newInputStream(top.resolve("d/kept"))) {
            layers.release(top);
            TimeUnit.SECONDS.sleep(4); // until the image counts as not asked for any more
            assertThat(layers.keepOnly(List.of())).as("layers are used").isFalse();
            assertThat(runtime.layers().bytes()).isPositive();
            assertThat(reader.read()).isEqualTo('a');
        }
        for (int attempt = 0; attempt < 500 && !layers.keepOnly(List.of()); attempt++) {
            TimeUnit.MILLISECONDS.sleep(20);
        }
        assertThat(runtime.images()).isEmpty();
        assertThat(runtime.layers().bytes()).isZero();
    }
}
