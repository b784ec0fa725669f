// Types and names of C++.
namespace outer {
enum class Shade : unsigned char { Dark = 1, Light = 2 };
struct Base {
	int id;
	Shade shade;
};
template <typename T> struct Pair {
	T first, second;
};
namespace inner {
int counter = 7;
}
class Shape : public Base {
public:
	Shape(int size) : Base{size + 1, Shade::Light}, size(size), corners{size, size * 2}, other(&inner::counter) {}
	int area(int factor) const;
	static int made;

private:
	int size;
	Pair<long> corners;
	int *other;
};
int Shape::made = 3;
__attribute__((noinline)) int Shape::area(int factor) const
{
	inner::counter += factor; // inside area
	return size * factor + inner::counter;
}
} // namespace outer

using namespace outer;
Shape *shape;
Pair<char> letters = {'p', 'q'};

__attribute__((noinline)) int measure(const Shape &given, Pair<int> &pair)
{
	int result = given.area(2) + pair.second; // inside measure
	return result;
}

extern "C" void trapped(unsigned long *) {}
extern "C" int main()
{
	Shape square(5);
	Pair<int> pair = {1, 2};
	shape = &square;
	return measure(square, pair); // calls measure
}
