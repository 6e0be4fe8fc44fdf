package io.lighterage.runtime.interop;

import static io.lighterage.stargz.tar.Tars.dir;
import static io.lighterage.stargz.tar.Tars.file;
import static io.lighterage.stargz.tar.Tars.hardlink;
import static io.lighterage.stargz.tar.Tars.opaque;
import static io.lighterage.stargz.tar.Tars.tarOf;
import static io.lighterage.stargz.tar.Tars.whiteout;

import io.lighterage.stargz.tar.Tars;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;

/// Layers with as many files as one wants, from a seed. The lowest has half of them; those above replace, hide and add.
/// Every eighth name is a hard link to a file of its layer, and some files are larger than a chunk; of those, too, some
/// have several names.
final class LargeLayers {
    private static final int LAYERS = 5;
    private static final int FILES_OF_A_DIRECTORY = 40;

    /// More than three chunks of 64 KiB.
    private static final int LARGE = 220_000;

    private final Random random;
    private final int files;

    LargeLayers(long seed, int files) {
        random = new Random(seed);
        this.files = files;
    }

    /// Tar streams, base first.
    List<byte[]> make() {
        List<byte[]> layers = new ArrayList<>();
        layers.add(layer(files / 2, false));
        while (layers.size() < LAYERS) {
            layers.add(layer(files / 2 / (LAYERS - 1), true));
        }
        return layers;
    }

    private byte[] layer(int count, boolean upper) {
        List<Tars.Item> items = new ArrayList<>();
        if (upper) {
            addDirectories(items);
        }
        List<String> made = new ArrayList<>();
        List<String> large = new ArrayList<>();
        Set<String> names = new HashSet<>();
        for (int i = 0; i < count; i++) {
            String name = upper ? name(random.nextInt(files * 3 / 4)) : name(i);
            boolean link = i % 8 == 1 && !made.isEmpty();
            String full = link ? name + "-" + random.nextInt(3) : name;
            if (!names.add(full)) {
                continue; // A layer has every name once, or a converter would have to choose.
            }
            if (link) {
                List<String> targets = i % 80 == 1 && !large.isEmpty() ? large : made;
                items.add(hardlink(full, targets.get(random.nextInt(targets.size()))));
            } else if (upper && i % 5 == 0) {
                items.add(whiteout(random.nextBoolean() ? name : name + "-" + random.nextInt(3)));
            } else {
                byte[] content = content();
                items.add(file(name, content).time(random.nextInt(1 << 30), 0).owner(i % 3, i % 5));
                made.add(name);
                if (content.length >= LARGE) {
                    large.add(name);
                }
            }
        }
        return tarOf(items.toArray(Tars.Item[]::new));
    }

    private void addDirectories(List<Tars.Item> items) {
        for (int directory = 0; directory < files / FILES_OF_A_DIRECTORY; directory++) {
            switch (random.nextInt(40)) {
                case 0 -> items.add(opaque(directory(directory)));
                case 1 -> items.add(whiteout(directory(directory)));
                case 2 -> items.add(dir(directory(directory) + "/").mode(0711).time(random.nextInt(1 << 30), 0));
                default -> {}
            }
        }
    }

    private static String directory(int number) {
        return "d%02d/e%03d".formatted(number % 17, number);
    }

    private static String name(int number) {
        return directory(number / FILES_OF_A_DIRECTORY) + "/f" + number;
    }

    private byte[] content() {
        byte[] bytes = new byte[random.nextInt(500) == 0 ? LARGE + random.nextInt(LARGE) : random.nextInt(300)];
        random.nextBytes(bytes);
        return bytes;
    }
}
