package io.lighterage.resolver;

import io.lighterage.contentstore.Descriptor;
import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.contentstore.MediaType;
import io.lighterage.contentstore.Platform;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/// Which entry of an index fits a wanted platform best.
///
/// Names are normalised first (`x86_64` is `amd64`, `arm64/v8` is `arm64`, …). A machine also runs what is older than
/// itself, so a wanted platform stands for a list of architectures and variants, best first; the entry that comes
/// first on that list wins, then the one that uses more of the offered `os.features`, then index order.
public final class PlatformMatcher {
    private static final Pattern PART = Pattern.compile("[A-Za-z0-9_.-]{1,64}");

    private PlatformMatcher() {}

    /// The platform of this machine, normalised.
    public static Platform host() {
        String os = System.getProperty("os.name", "linux").toLowerCase(Locale.ROOT);
        String shortOs = os.startsWith("windows") ? "windows" : os.startsWith("mac") ? "darwin" : os;
        String arch = System.getProperty("os.arch", "");
        String variant = arch.startsWith("arm") ? armVariant(Path.of("/proc/cpuinfo")) : "";
        return normalize(new Platform(shortOs, arch, variant));
    }

    /// Parses `os/architecture[/variant]`, or `architecture` alone for this machine's operating system.
    ///
    /// @throws ImageException INVALID
    public static Platform parse(String text) {
        String[] parts = text.split("/", -1);
        boolean valid = parts.length <= 3;
        for (String part : parts) {
            valid &= PART.matcher(part).matches();
        }
        if (!valid) {
            throw new ImageException(
                    ErrorKind.INVALID,
                    "platform '" + text.replaceAll("\\p{Cntrl}", "?")
                            + "' is not valid; expected os/architecture[/variant], such as linux/arm64");
        }
        return switch (parts.length) {
            case 1 -> normalize(new Platform(host().os(), parts[0], ""));
            case 2 -> normalize(new Platform(parts[0], parts[1], ""));
            default -> normalize(new Platform(parts[0], parts[1], parts[2]));
        };
    }

    /// The same platform under the names the image specification uses.
    public static Platform normalize(Platform platform) {
        String os = platform.os().toLowerCase(Locale.ROOT);
        String arch = platform.architecture().toLowerCase(Locale.ROOT);
        String variant = platform.variant().toLowerCase(Locale.ROOT);
        switch (arch) {
            case "x86_64", "x86-64", "amd64" -> {
                arch = "amd64";
                variant = variant.equals("v1") ? "" : variant;
            }
            case "aarch64", "arm64" -> {
                arch = "arm64";
                variant = arm64Variant(variant);
            }
            case "i386", "386" -> {
                arch = "386";
                variant = "";
            }
            case "armhf" -> {
                arch = "arm";
                variant = "v7";
            }
            case "armel" -> {
                arch = "arm";
                variant = "v6";
            }
            case "arm" -> variant = variant.isEmpty() ? "v7" : withV(variant);
            default -> {}
        }
        return new Platform(
                os.equals("macos") ? "darwin" : os, arch, variant, platform.osVersion(), platform.osFeatures());
    }

    /// The best entry that names a platform, or empty when none fits.
    ///
    /// Entries without a platform are not judged here: see [#withoutPlatform].
    ///
    /// @param wanted what to run on; its `osFeatures` are those on offer
    public static Optional<Descriptor> best(List<Descriptor> entries, Platform wanted) {
        Descriptor best = null;
        long bestRank = Long.MAX_VALUE;
        for (Descriptor entry : entries) {
            Optional<Platform> platform = entry.platform();
            if (platform.isEmpty() || !isImage(entry)) {
                continue;
            }
            long rank = rank(platform.get(), wanted);
            if (rank < bestRank) {
                best = entry;
                bestRank = rank;
            }
        }
        return Optional.ofNullable(best);
    }

    /// Image and index entries that do not say which platform they are for; their configuration does.
    public static List<Descriptor> withoutPlatform(List<Descriptor> entries) {
        return entries.stream()
                .filter(entry -> entry.platform().isEmpty() && isImage(entry))
                .toList();
    }

    /// Whether an image made for `offered` runs on `wanted`.
    public static boolean matches(Platform offered, Platform wanted) {
        return rank(offered, wanted) < Long.MAX_VALUE;
    }

    /// Whether the entry is something to run: not an attestation, not a foreign artifact.
    public static boolean isImage(Descriptor entry) {
        boolean unknown = entry.platform()
                .filter(p -> p.os().equals("unknown") && p.architecture().equals("unknown"))
                .isPresent();
        boolean runnable = MediaType.isIndex(entry.mediaType()) || MediaType.isManifest(entry.mediaType());
        boolean foreign = !entry.artifactType().isEmpty() && !MediaType.isConfig(entry.artifactType());
        return runnable && !unknown && !foreign && !entry.annotations().containsKey("vnd.docker.reference.type");
    }

    /// Lower is better; [Long#MAX_VALUE] does not fit. Features count less than any step on the preference list.
    private static long rank(Platform entry, Platform wanted) {
        Platform offered = normalize(entry);
        Platform target = normalize(wanted);
        if (!offered.os().equals(target.os())
                || !target.osFeatures().containsAll(offered.osFeatures())
                || !sameWindowsBuild(offered, target)) {
            return Long.MAX_VALUE;
        }
        int step = preferences(target).indexOf(offered.architecture() + "/" + offered.variant());
        return step < 0
                ? Long.MAX_VALUE
                : step * 10_000L - Math.min(9_999, offered.osFeatures().size());
    }

    /// A Windows container runs on exactly the build it was made for: major, minor and build must be equal.
    private static boolean sameWindowsBuild(Platform offered, Platform target) {
        if (!target.os().equals("windows")
                || target.osVersion().isEmpty()
                || offered.osVersion().isEmpty()) {
            return true;
        }
        return build(offered.osVersion()).equals(build(target.osVersion()));
    }

    private static String build(String version) {
        String[] parts = version.split("\\.", -1);
        return String.join(".", List.of(parts).subList(0, Math.min(3, parts.length)));
    }

    /// `architecture/variant` in the order the wanted machine prefers them.
    private static List<String> preferences(Platform target) {
        List<String> list = new ArrayList<>();
        String arch = target.architecture();
        list.add(arch + "/" + target.variant());
        switch (arch) {
            case "amd64" -> {
                for (int v = number(target.variant(), 1) - 1; v >= 2; v--) {
                    list.add("amd64/v" + v);
                }
                list.add("amd64/");
                list.add("386/");
            }
            case "arm" -> addArm(list, number(target.variant(), 7) - 1);
            case "arm64" -> {
                addArm64(list, target.variant());
                addArm(list, 8);
            }
            default -> {}
        }
        return list;
    }

    private static void addArm(List<String> list, int newest) {
        for (int v = newest; v >= 5; v--) {
            list.add("arm/v" + v);
        }
    }

    /// Armv9.m contains Armv8.(m+5), so a v9 machine falls back to that and everything before it.
    private static void addArm64(List<String> list, String variant) {
        int major = variant.startsWith("v9") ? 9 : 8;
        int dot = variant.indexOf('.');
        int minor = dot < 0 ? 0 : number("v" + variant.substring(dot + 1), 0);
        if (major == 9) {
            for (int m = minor - 1; m >= 1; m--) {
                list.add("arm64/v9." + m);
            }
            list.add("arm64/v9");
            minor += 6;
        }
        for (int m = minor - 1; m >= 1; m--) {
            list.add("arm64/v8." + m);
        }
        list.add("arm64/");
    }

    private static String arm64Variant(String variant) {
        String v = withV(variant);
        return switch (v) {
            case "v8", "v8.0" -> "";
            case "v9.0" -> "v9";
            default -> v;
        };
    }

    private static String withV(String variant) {
        return !variant.isEmpty() && Character.isDigit(variant.charAt(0)) ? "v" + variant : variant;
    }

    /// The number in `vN`, at most two digits so that a forged variant cannot make a long list.
    private static int number(String variant, int otherwise) {
        return variant.matches("v[0-9]{1,2}") ? Integer.parseInt(variant.substring(1)) : otherwise;
    }

    private static String armVariant(Path cpuInfo) {
        try {
            for (String line : Files.readAllLines(cpuInfo)) {
                if (line.startsWith("CPU architecture")) {
                    return withV(line.substring(line.indexOf(':') + 1).strip());
                }
            }
        } catch (IOException e) {
            System.getLogger(PlatformMatcher.class.getName())
                    .log(System.Logger.Level.DEBUG, "cannot read " + cpuInfo + "; assuming arm/v7", e);
        }
        return "v7";
    }
}
