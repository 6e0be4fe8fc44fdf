package io.lighterage.remotesnapshotter.apply;

import static io.lighterage.stargz.tar.Tars.dir;
import static io.lighterage.stargz.tar.Tars.fifo;
import static io.lighterage.stargz.tar.Tars.file;
import static io.lighterage.stargz.tar.Tars.hardlink;
import static io.lighterage.stargz.tar.Tars.opaque;
import static io.lighterage.stargz.tar.Tars.symlink;
import static io.lighterage.stargz.tar.Tars.tarOf;
import static io.lighterage.stargz.tar.Tars.whiteout;

import io.lighterage.stargz.tar.Tars;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/// Layers with everything that layers have, from a seed: small trees over few names, so that layers meet.
///
/// Names starting with `d` are directories everywhere, so that they can be walked through; `x` changes its type.
public final class RandomLayers {
    private static final String[] DIRECTORIES = {"d0/", "d1/", "d0/d2/", "d0/d2/d3/", "d1/d4/"};

    private final Random random;
    private final boolean simple;
    private final boolean below;
    private final List<String> all = new ArrayList<>();

    public RandomLayers(long seed, boolean simple) {
        this(seed, simple, false);
    }

    /// @param simple only what every unpacker agrees on: each layer names all its directories, opaque marks come
    ///     first, and no directory is whited out
    /// @param below whether a layer also has hard links to files that lower ones had, which may be hidden by now
    public RandomLayers(long seed, boolean simple, boolean below) {
        this.random = new Random(seed);
        this.simple = simple;
        this.below = below;
    }

    public List<byte[]> next(int layers) {
        List<byte[]> made = new ArrayList<>();
        for (int i = 0; i < layers; i++) {
            made.add(layer(i == 0));
        }
        return made;
    }

    private byte[] layer(boolean base) {
        List<Tars.Item> items = new ArrayList<>();
        for (String directory : DIRECTORIES) {
            if (base || simple || random.nextInt(3) == 0) {
                items.add(decorate(dir(directory)));
            }
        }
        if (simple && !base && random.nextBoolean()) {
            items.add(opaque("d0/d2/d3"));
        }
        List<String> files = below ? all : new ArrayList<>();
        int count = 5 + random.nextInt(20);
        for (int i = 0; i < count; i++) {
            items.add(item(base, files));
        }
        return tarOf(items.toArray(Tars.Item[]::new));
    }

    private Tars.Item item(boolean base, List<String> files) {
        String parent = random.nextInt(6) == 0 ? "" : pick(DIRECTORIES);
        String name = parent + "f" + random.nextInt(5);
        String flip = parent + "x" + random.nextInt(2);
        return switch (random.nextInt(base ? 8 : simple ? 10 : 12)) {
            case 0, 1, 2 -> {
                files.add(name);
                yield decorate(file(name, "content " + random.nextInt(1000)));
            }
            case 3 -> decorate(symlink(parent + "s" + random.nextInt(3), "../" + pick(DIRECTORIES)));
            case 4 -> {
                files.remove(flip);
                yield random.nextBoolean() ? decorate(dir(flip)) : decorate(file(flip, "flip"));
            }
            case 5 -> decorate(fifo(parent + "p" + random.nextInt(2)));
            case 6, 7 ->
                files.isEmpty()
                        ? decorate(dir(parent + "y"))
                        : hardlink(parent + "h" + random.nextInt(3), files.get(random.nextInt(files.size())));
            case 8, 9 -> whiteout(random.nextBoolean() ? parent + "f" + random.nextInt(5) : flip);
            case 10 -> opaque(parent.isEmpty() ? "d1" : parent.substring(0, parent.length() - 1));
            default -> {
                String directory = pick(DIRECTORIES);
                yield whiteout(directory.substring(0, directory.length() - 1));
            }
        };
    }

    private Tars.Entry decorate(Tars.Entry entry) {
        boolean link = entry.entry().type() == io.lighterage.stargz.tar.TarEntry.Type.SYMLINK;
        boolean fifo = entry.entry().type() == io.lighterage.stargz.tar.TarEntry.Type.FIFO;
        Tars.Entry decorated = entry.time(random.nextInt(2_000_000_000), random.nextInt(1_000_000_000));
        if (random.nextInt(3) == 0) {
            decorated = decorated.owner(random.nextInt(70_000), random.nextInt(70_000));
        }
        if (!link && random.nextInt(3) == 0) {
            decorated = decorated.mode(random.nextInt(010000));
        }
        if (!link && !fifo && random.nextInt(4) == 0) {
            decorated = decorated.xattr("user.x" + random.nextInt(3), "value " + random.nextInt(10));
        }
        return decorated;
    }

    private String pick(String[] from) {
        return from[random.nextInt(from.length)];
    }
}
