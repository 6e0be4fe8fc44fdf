package io.lighterage.stargz.index;

/// Sorts whole numbers by a comparison of what they stand for: a merge sort that keeps equal ones in order and does
/// nothing to what is sorted already, which layers mostly are.
final class IntSort {
    private IntSort() {}

    /// How two numbers compare.
    interface Order {
        int compare(int a, int b);
    }

    static void sort(int[] numbers, int from, int to, Order order) {
        for (int i = from + 1; i < to; i++) {
            if (order.compare(numbers[i - 1], numbers[i]) > 0) {
                sort(numbers, from, to, new int[to - from], from, order);
                return;
            }
        }
    }

    private static void sort(int[] numbers, int from, int to, int[] space, int base, Order order) {
        if (to - from < 2) {
            return;
        }
        int middle = (from + to) >>> 1;
        sort(numbers, from, middle, space, base, order);
        sort(numbers, middle, to, space, base, order);
        if (order.compare(numbers[middle - 1], numbers[middle]) <= 0) {
            return;
        }
        System.arraycopy(numbers, from, space, from - base, to - from);
        int left = from - base;
        int right = middle - base;
        for (int i = from; i < to; i++) {
            boolean takeLeft =
                    right == to - base || (left < middle - base && order.compare(space[left], space[right]) <= 0);
            numbers[i] = takeLeft ? space[left++] : space[right++];
        }
    }
}
