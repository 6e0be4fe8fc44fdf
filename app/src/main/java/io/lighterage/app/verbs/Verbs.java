package io.lighterage.app.verbs;

import io.lighterage.app.Invocation;
import java.util.List;
import java.util.concurrent.Callable;

/// The verbs there are, in the order in which help lists them.
public final class Verbs {
    /// Their names.
    public static final List<String> NAMES = List.of(
            "pull",
            "unpack",
            "convert",
            "mount",
            "umount",
            "status",
            "why",
            "record",
            "snapshotter",
            "setup",
            "images",
            "rmi",
            "inspect",
            "manifest",
            "config",
            "gc",
            "fsck",
            "doctor",
            "demo",
            "dist",
            "completion",
            "version",
            "help");

    /// Understood and not listed: the run that the start-up cache is recorded from.
    public static final String TRAIN = "train";

    private Verbs() {}

    /// The verb with that name. Made one at a time, because reading the annotations of all of them would double the
    /// time a start takes.
    public static Callable<Integer> create(String name, Invocation invocation) {
        return switch (name) {
            case "pull" -> new PullVerb(invocation);
            case "unpack" -> new UnpackVerb(invocation);
            case "convert" -> new ConvertVerb(invocation);
            case "mount" -> new MountVerb(invocation);
            case "umount" -> new UnmountVerb(invocation);
            case "status" -> new StatusVerb(invocation);
            case "why" -> new WhyVerb(invocation);
            case "record" -> new RecordVerb(invocation);
            case "snapshotter" -> new SnapshotterVerb(invocation);
            case "setup" -> new SetupVerb(invocation);
            case "images" -> new ImagesVerb(invocation);
            case "rmi" -> new RemoveVerb(invocation);
            case "inspect" -> new InspectVerb(invocation);
            case "manifest" -> new ManifestVerb(invocation);
            case "config" -> new ConfigVerb(invocation);
            case "gc" -> new CollectVerb(invocation);
            case "fsck" -> new CheckVerb(invocation);
            case "doctor" -> new DoctorVerb(invocation);
            case "demo" -> new DemoVerb(invocation);
            case "dist" -> new DistributeVerb(invocation);
            case "completion" -> new CompletionVerb(invocation);
            case "version" -> new VersionVerb(invocation);
            case "help" -> new HelpVerb(invocation);
            case TRAIN -> new TrainVerb(invocation);
            default -> throw new IllegalArgumentException("no verb is called " + name);
        };
    }
}
