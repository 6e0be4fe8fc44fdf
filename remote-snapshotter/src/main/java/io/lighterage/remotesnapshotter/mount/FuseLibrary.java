package io.lighterage.remotesnapshotter.mount;

import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import java.util.ArrayList;
import java.util.List;
import jnr.ffi.LibraryLoader;
import jnr.ffi.Memory;
import jnr.ffi.Pointer;
import jnr.ffi.Runtime;
import jnr.ffi.Struct;
import jnr.ffi.annotations.Delegate;
import jnr.ffi.provider.jffi.ClosureHelper;
import ru.serce.jnrfuse.struct.FuseOperations;

/// `libfuse.so.2`, through jnr-fuse and the function interface below it. Nobody else knows of them.
///
/// jnr-fuse gives the table of operations and the calls into Java; its `mount` is not used: it decodes paths as text,
/// where names of layers are bytes, waits two seconds to believe that a mount has not failed, and its threads are
/// strangers to the JVM. So addresses are passed as they are ([FuseAnswers] reads them), and
/// [FuseWorkers] turns libfuse's loop in threads of ours.
final class FuseLibrary {
    /// The library's file name, as `dlopen(3)` wants it.
    static final String NAME = "libfuse.so.2";

    /// The functions we call; see `fuse.h` and `fuse_lowlevel.h` of libfuse 2.9. Addresses are longs.
    public interface Functions {
        /// Mounts and makes the file system. Not `fuse_new`: of that one, `dlsym(3)` finds the version of libfuse 2.1.
        long fuse_setup(
                int count,
                Pointer words,
                Pointer operations,
                long size,
                Pointer directory,
                Pointer multithreaded,
                long userData);

        long fuse_get_session(long fuse);

        long fuse_session_next_chan(long session, long channel);

        long fuse_chan_bufsize(long channel);

        int fuse_session_receive_buf(long session, Pointer buffer, Pointer channel);

        void fuse_session_process_buf(long session, Pointer buffer, long channel);

        int fuse_session_exited(long session);

        void fuse_unmount(long directory, long channel);

        void fuse_destroy(long fuse);

        long fuse_get_context();

        int fuse_interrupted();
    }

    /// An operation of two arguments, or one that looks at none: arguments are in registers, so the caller cannot
    /// tell.
    public interface Two {
        @Delegate
        int answer(long a, long b);
    }

    /// An operation of three arguments.
    public interface Three {
        @Delegate
        int answer(long a, long b, long c);
    }

    /// An operation of four arguments.
    public interface Four {
        @Delegate
        int answer(long a, long b, long c, long d);
    }

    /// An operation of five arguments.
    public interface Five {
        @Delegate
        int answer(long a, long b, long c, long d, long e);
    }

    /// `fuse_fill_dir_t`.
    public interface FillDirectory {
        @Delegate
        int fill(long buffer, long name, long stat, long offset);
    }

    private final Functions functions;
    private final Runtime runtime;

    private FuseLibrary(Functions functions) {
        this.functions = functions;
        runtime = Runtime.getRuntime(functions);
    }

    /// Loads the library.
    ///
    /// @throws ImageException UNSUPPORTED when the machine has none
    static FuseLibrary load() {
        return load(NAME);
    }

    static FuseLibrary load(String name) {
        try {
            Functions functions =
                    LibraryLoader.create(Functions.class).failImmediately().load(name);
            return new FuseLibrary(functions);
        } catch (UnsatisfiedLinkError e) {
            throw new ImageException(
                    ErrorKind.UNSUPPORTED,
                    "cannot mount: the library " + name + " is not on this machine (" + e.getMessage()
                            + "); install it: apt-get install libfuse2 (Debian, Ubuntu; libfuse2t64 on Ubuntu 24.04 and"
                            + " later), dnf install fuse-libs (Fedora), apk add fuse (Alpine)",
                    e);
        }
    }

    /// Lets the classes behind every shape of call be generated, which takes a tenth of a second.
    void prepare() {
        Operations calls = new Operations();
        calls.set(Operation.GETATTR, Two.class, (a, b) -> 0);
        calls.set(Operation.READLINK, Three.class, (a, b, c) -> 0);
        calls.set(Operation.GETXATTR, Four.class, (a, b, c, d) -> 0);
        calls.set(Operation.READ, Five.class, (a, b, c, d, e) -> 0);
        functions.fuse_get_context();
    }

    Functions functions() {
        return functions;
    }

    /// Native memory of ours, freed when nobody holds it any more.
    Pointer allocate(int bytes) {
        return Memory.allocateDirect(runtime, bytes, true);
    }

    /// A C string.
    Pointer string(byte[] bytes) {
        Pointer text = allocate(bytes.length + 1);
        text.put(0, bytes, 0, bytes.length);
        return text;
    }

    /// An `argv`.
    ///
    /// @param held keeps the memory reachable until the caller is done
    Pointer words(List<byte[]> words, List<Pointer> held) {
        Pointer vector = allocate((words.size() + 1) * Long.BYTES);
        for (int i = 0; i < words.size(); i++) {
            Pointer word = string(words.get(i));
            held.add(word);
            vector.putPointer((long) i * Long.BYTES, word);
        }
        held.add(vector);
        return vector;
    }

    /// The function behind an address that libfuse gave to `readdir`.
    FillDirectory filler(long address) {
        ClosureHelper closures = ClosureHelper.getInstance();
        return closures.getNativeConveter(FillDirectory.class)
                .fromNative(Pointer.wrap(runtime, address), closures.getFromNativeContext());
    }

    /// A table of operations. It and what it refers to must stay reachable while libfuse has its address.
    final class Operations {
        private final Table table = new Table(runtime);
        private final List<Object> held = new ArrayList<>();

        Operations() {
            table.useMemory(allocate(Struct.size(table)));
        }

        Pointer address() {
            return Struct.getMemory(table);
        }

        int size() {
            return Struct.size(table);
        }

        <T> void set(Operation operation, Class<T> shape, T answer) {
            Pointer function = runtime.getClosureManager().getClosurePointer(shape, answer);
            held.add(answer);
            held.add(function);
            address().putPointer(table.place(operation), function);
        }
    }

    /// Operations of a file system.
    enum Operation {
        GETATTR,
        READLINK,
        MKNOD,
        MKDIR,
        UNLINK,
        RMDIR,
        SYMLINK,
        RENAME,
        LINK,
        CHMOD,
        CHOWN,
        TRUNCATE,
        OPEN,
        READ,
        WRITE,
        STATFS,
        SETXATTR,
        GETXATTR,
        LISTXATTR,
        REMOVEXATTR,
        OPENDIR,
        READDIR,
        ACCESS,
        CREATE,
        UTIMENS,
        FALLOCATE
    }

    /// The table as jnr-fuse lays it out; only a subclass gets to see where its fields are.
    private static final class Table extends FuseOperations {
        Table(Runtime runtime) {
            super(runtime);
        }

        long place(Operation operation) {
            AbstractMember field = switch (operation) {
                case GETATTR -> getattr;
                case READLINK -> readlink;
                case MKNOD -> mknod;
                case MKDIR -> mkdir;
                case UNLINK -> unlink;
                case RMDIR -> rmdir;
                case SYMLINK -> symlink;
                case RENAME -> rename;
                case LINK -> link;
                case CHMOD -> chmod;
                case CHOWN -> chown;
                case TRUNCATE -> truncate;
                case OPEN -> open;
                case READ -> read;
                case WRITE -> write;
                case STATFS -> statfs;
                case SETXATTR -> setxattr;
                case GETXATTR -> getxattr;
                case LISTXATTR -> listxattr;
                case REMOVEXATTR -> removexattr;
                case OPENDIR -> opendir;
                case READDIR -> readdir;
                case ACCESS -> access;
                case CREATE -> create;
                case UTIMENS -> utimens;
                case FALLOCATE -> fallocate;
            };
            return field.offset();
        }
    }
}
