package io.lighterage.resolver.layout;

import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.resolver.ImageDestination;
import io.lighterage.resolver.ImageSource;
import io.lighterage.resolver.Resolver;
import io.lighterage.resolver.ResolverConfig;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;

/// Resolves `oci:dir`, `oci:dir:tag` and `oci:dir@digest` to an image in an OCI layout directory.
///
/// A directory name may itself hold `:`. The shortest prefix that is an existing directory is the layout and the rest
/// is the tag; the whole text counts first. Where nothing exists, the text is split at its first `:`.
public final class LayoutResolver implements Resolver {
    @Override
    public String transport() {
        return "oci";
    }

    @Override
    public ImageSource open(String reference, ResolverConfig config) {
        Place place = place(reference);
        return new LayoutSource(place.directory(), place.wanted());
    }

    @Override
    public ImageDestination destination(String reference, ResolverConfig config) {
        Place place = place(reference);
        if (place.wanted().startsWith("@")) {
            throw new ImageException(
                    ErrorKind.INVALID,
                    "cannot write to oci:" + reference + ": what an image's digest will be is not ours to say; expected"
                            + " oci:dir:tag or oci:dir");
        }
        return new LayoutDestination(place.directory(), place.wanted());
    }

    /// @param wanted a tag, `@` and a digest, or nothing
    private record Place(Path directory, String wanted) {}

    private static Place place(String reference) {
        if (reference.isEmpty() || reference.indexOf('\0') >= 0) {
            throw new ImageException(
                    ErrorKind.INVALID, "oci: names no directory; expected oci:dir, oci:dir:tag or oci:dir@digest");
        }
        if (isDirectory(reference)) {
            return new Place(Path.of(reference), "");
        }
        for (int i = 1; i < reference.length(); i++) {
            if (isSeparator(reference, i) && isDirectory(reference.substring(0, i))) {
                return split(reference, i);
            }
        }
        for (int i = 1; i < reference.length(); i++) {
            if (isSeparator(reference, i)) {
                return split(reference, i);
            }
        }
        return new Place(Path.of(reference), "");
    }

    private static boolean isSeparator(String reference, int at) {
        return reference.charAt(at) == ':' || reference.charAt(at) == '@';
    }

    private static Place split(String reference, int at) {
        String rest = reference.substring(reference.charAt(at) == ':' ? at + 1 : at);
        if (rest.length() < 2 && !rest.matches("[A-Za-z0-9_]")) {
            throw new ImageException(
                    ErrorKind.INVALID, "oci:" + reference + " has an empty tag; expected oci:dir:tag or oci:dir");
        }
        return new Place(Path.of(reference.substring(0, at)), rest);
    }

    private static boolean isDirectory(String text) {
        try {
            return Files.isDirectory(Path.of(text));
        } catch (InvalidPathException e) {
            throw new ImageException(ErrorKind.INVALID, "oci:" + text + " is not a path: " + e.getReason(), e);
        }
    }
}
