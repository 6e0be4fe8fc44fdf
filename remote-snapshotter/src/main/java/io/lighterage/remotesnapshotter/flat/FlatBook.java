package io.lighterage.remotesnapshotter.flat;

import io.lighterage.linux.DescriptorHolder;
import io.lighterage.stargz.RawName;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// What a process has to know to go on serving the flat files of one that died: who holds the descriptors of the
/// connection, and which layer each number stands for that the kernel has seen in nodes.
///
/// A file of lines, replaced at each change; not made durable, as nothing of it holds after the kernel has gone.
///
/// | line | what |
/// |---|---|
/// | `lighter flat files 1` | the first |
/// | `epoch N` | how many processes have served, this one included |
/// | `holder PID START` | see [DescriptorHolder] |
/// | `layer HEX OPEN` | the sha256 of a layer, and how many files of it the kernel has open; the first such line is
/// number 0 |
///
/// Thread-safe.
public final class FlatBook {
    private static final System.Logger LOG = System.getLogger(FlatBook.class.getName());
    private static final String FIRST_LINE = "lighter flat files 1";
    private static final String HEX = "[0-9a-f]{64}";

    private final Path file;
    private final List<RawName> layers = new ArrayList<>();
    private final List<Integer> open = new ArrayList<>();
    private @Nullable DescriptorHolder holder;
    private int epoch;

    private FlatBook(Path file) {
        this.file = file;
    }

    /// Reads what an earlier process wrote. A file that makes no sense is as good as none.
    ///
    /// @param file in a directory that is there or can be made
    public static FlatBook open(Path file) {
        FlatBook book = new FlatBook(file);
        try {
            List<String> lines = Files.readAllLines(file);
            if (!lines.isEmpty() && lines.getFirst().equals(FIRST_LINE)) {
                lines.stream().skip(1).forEach(book::read);
            }
        } catch (NoSuchFileException e) {
            LOG.log(System.Logger.Level.TRACE, "nothing was served before");
        } catch (IOException | IllegalArgumentException e) {
            LOG.log(System.Logger.Level.WARNING, "what " + file + " says of an earlier process is passed over: " + e);
            book.forget();
        }
        return book;
    }

    private void read(String line) {
        String[] words = line.split(" ");
        if (words.length == 2 && words[0].equals("epoch")) {
            epoch = Integer.parseInt(words[1]);
        } else if (words.length == 3 && words[0].equals("holder")) {
            holder = new DescriptorHolder(Long.parseLong(words[1]), Long.parseLong(words[2]));
        } else if (words.length == 3 && words[0].equals("layer") && words[1].matches(HEX)) {
            layers.add(RawName.of(words[1]));
            open.add(Integer.parseInt(words[2]));
        } else {
            throw new IllegalArgumentException("the line '" + line + "'");
        }
    }

    private void forget() {
        layers.clear();
        open.clear();
        holder = null;
        epoch = 0;
    }

    /// Who holds the descriptors; empty when nobody does, or not any more.
    synchronized Optional<DescriptorHolder> holder() {
        return Optional.ofNullable(holder).filter(DescriptorHolder::alive);
    }

    /// Begins the service of this process, after that of others or, where nobody holds anything, anew.
    ///
    /// @return the epoch: nodes of earlier ones are known by their numbers only
    synchronized int begin(boolean anew) {
        if (anew) {
            end();
        }
        epoch++;
        write();
        return epoch;
    }

    /// Has the descriptors held from now on.
    ///
    /// @return whether somebody holds them
    synchronized boolean hold(List<Integer> descriptors) {
        holder = DescriptorHolder.start(descriptors).orElse(null);
        write();
        return holder != null;
    }

    /// Nobody needs to go on any more.
    synchronized void end() {
        holder().ifPresent(DescriptorHolder::end);
        forget();
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            LOG.log(System.Logger.Level.DEBUG, "the holder it names is gone anyway", e);
        }
    }

    /// The layers by their numbers.
    synchronized List<RawName> layers() {
        return List.copyOf(layers);
    }

    /// The number of a layer. When this returns, a successor knows it, too.
    synchronized int number(RawName layer) {
        int known = layers.indexOf(layer);
        if (known < 0) {
            layers.add(layer);
            open.add(0);
            write();
            return layers.size() - 1;
        }
        return known;
    }

    /// The kernel has opened or closed a file of a layer. When this returns, a successor knows it, too.
    ///
    /// @param change 1 or -1
    synchronized void opened(int number, int change) {
        if (number >= 0 && number < open.size()) {
            open.set(number, Math.max(0, open.get(number) + change));
            write();
        }
    }

    /// Those that the kernel has open.
    synchronized Set<RawName> open() {
        return IntStream.range(0, layers.size())
                .filter(number -> open.get(number) > 0)
                .mapToObj(layers::get)
                .collect(Collectors.toSet());
    }

    private void write() {
        StringBuilder text =
                new StringBuilder(FIRST_LINE).append("\nepoch ").append(epoch).append('\n');
        if (holder != null) {
            text.append("holder ")
                    .append(holder.pid())
                    .append(' ')
                    .append(holder.started())
                    .append('\n');
        }
        for (int number = 0; number < layers.size(); number++) {
            text.append("layer ")
                    .append(layers.get(number))
                    .append(' ')
                    .append(open.get(number))
                    .append('\n');
        }
        try {
            Files.createDirectories(
                    file.getParent(),
                    PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
            Path made = file.resolveSibling(file.getFileName() + ".new");
            Files.writeString(made, text);
            Files.move(made, file, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            LOG.log(
                    System.Logger.Level.WARNING,
                    "cannot note in " + file + " what is served, so no process can go on after this one: " + e);
            giveUp();
        }
    }

    /// A successor that knows half of the numbers would take one layer for another.
    private void giveUp() {
        if (holder != null) {
            holder.end();
            holder = null;
        }
    }
}
