# What every program starts with: the built-in functions that can make much of
# little, counted. A definition sees what stands before it only, so that a body
# here still reaches gojq's own function where the name is aliased first; what
# begins with _parity_ and is not defined here is in bounds.go, and either gives
# its input back or ends the program.

# Operators: rewrite.go puts these in their place. The right side is evaluated
# first, as gojq does.
def _parity_add(l; r): r as $r | l as $l | _parity_sum($l; $r) | $l + $r;
def _parity_subtract(l; r): r as $r | l as $l | _parity_product($l; $r) | $l - $r;
def _parity_multiply(l; r): r as $r | l as $l | _parity_repeat($l; $r) | $l * $r;
def _parity_divide(l; r): r as $r | l as $l | _parity_pieces($l; $r) | $l / $r;

# Linear in the input, but a loop may call them on one large value many times.
def _parity__ascii_downcase: ascii_downcase; def ascii_downcase: _parity_size | _parity__ascii_downcase;
def _parity__ascii_upcase: ascii_upcase; def ascii_upcase: _parity_size | _parity__ascii_upcase;
def _parity__tojson: tojson; def tojson: _parity_size | _parity__tojson;
def _parity__tostring: tostring; def tostring: _parity_size | _parity__tostring;
def _parity__format($f): format($f); def format($f): _parity_size | _parity__format($f);
def _parity__tohtml: _tohtml; def _tohtml: _parity_size | _parity__tohtml;
def _parity__touri: _touri; def _touri: _parity_size | _parity__touri;
def _parity__tourid: _tourid; def _tourid: _parity_size | _parity__tourid;
def _parity__tocsv: _tocsv; def _tocsv: _parity_size | _parity__tocsv;
def _parity__totsv: _totsv; def _totsv: _parity_size | _parity__totsv;
def _parity__tosh: _tosh; def _tosh: _parity_size | _parity__tosh;
def _parity__tobase64: _tobase64; def _tobase64: _parity_size | _parity__tobase64;
def _parity__tobase64d: _tobase64d; def _tobase64d: _parity_size | _parity__tobase64d;
def _parity__implode: implode; def implode: _parity_size | _parity__implode;
def _parity__reverse: reverse; def reverse: _parity_size | _parity__reverse;
def _parity__keys: keys; def keys: _parity_size | _parity__keys;
def _parity__sort: sort; def sort: _parity_size | _parity__sort;
def _parity__unique: unique; def unique: _parity_size | _parity__unique;
def _parity__flatten: flatten; def flatten: _parity_size | _parity__flatten;
def _parity__flatten($n): flatten($n); def flatten($n): _parity_size | _parity__flatten($n);
def _parity__addall: add; def add: _parity_size | _parity__addall; def add(f): [f] | add;

# Much more comes out than goes in, or it takes the product of both sizes.
def _parity__explode: explode; def explode: _parity_pieces(.; "") | _parity__explode;
def _parity__split($s): split($s); def split($s): _parity_pieces(.; $s) | _parity__split($s);
def _parity__join($s): join($s); def join($s): _parity_joined($s) | _parity__join($s);
def _parity__transpose: transpose; def transpose: _parity_table | _parity__transpose;
def _parity__contains($x): contains($x); def contains($x): _parity_within(.; $x) | _parity__contains($x);
def _parity__inside($x): inside($x); def inside($x): _parity_within(.; $x) | _parity__inside($x);
def _parity__indices($x): indices($x); def indices($x): _parity_product(.; $x) | _parity__indices($x);
def _parity__index_of($x): index($x); def index($x): _parity_product(.; $x) | _parity__index_of($x);
def _parity__rindex($x): rindex($x); def rindex($x): _parity_product(.; $x) | _parity__rindex($x);

# Numbers of any length, and documents within documents.
def _parity__tonumber: tonumber; def tonumber: _parity_digits | _parity__tonumber;
def fromjson: _parity_fromjson;

# Paths that a document chose may name an element past all others.
def _parity__setpath($p; $v): setpath($p; $v); def setpath(p; v): v as $v | p as $p | _parity_path($p) | _parity_copied | _parity__setpath($p; $v);
def _parity__getpath(p): getpath(p); def getpath(p): _parity__getpath(p | _parity_path(.));

# Assignments in other words: they copy what is along the path.
def _parity__delpaths($p): delpaths($p); def delpaths($p): _parity_copied | _parity__delpaths($p);
def del(f): delpaths([path(f)]);

# Regular expressions: gojq finds all matches at one go, and some take time that
# is quadratic in the text. What follows is gojq's builtin.jq (MIT), on top of a
# match that is tried out first, so that its callers see it too.
def match($re; $flags): _parity_search($re; $flags) | _match($re; $flags; false)[];
def match($re): match($re; null);
def test($re; $flags): _parity_size | _match($re; $flags; true);
def test($re): test($re; null);
def capture($re; $flags): match($re; $flags) | .captures | _captures;
def capture($re): capture($re; null);
def scan($re; $flags):
  match($re; $flags + "g") |
  if .captures == [] then .string else [.captures[].string] end;
def scan($re): scan($re; null);
def splits($re; $flags):
  .[foreach (match($re; $flags + "g"), null) as {$offset, $length}
      (null; {start: .next, end: $offset, next: $offset + $length})];
def splits($re): splits($re; null);
def split($re; $flags): [splits($re; $flags)];
def sub($re; str; $flags):
  reduce match($re; $flags) as {$offset, $length, $captures}
    ({s: ., r: []};
      reduce ($captures | _captures | str) as $s
        (.i = 0; .r[.i] = _parity_add(.r[.i]; .s[.next:$offset] + $s) | .i += 1) |
      .next = $offset + $length) | .r[] + .s[.next:] // .s;
def sub($re; str): sub($re; str; null);
def gsub($re; str; $flags): sub($re; str; $flags + "g");
def gsub($re; str): gsub($re; str; "");
