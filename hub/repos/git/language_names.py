"""Which language a file is written in, by its name and its first line; what is data or prose has none.

The languages are those that repositories are full of; an ending that several use goes to the commonest.
"""

import re
from collections.abc import Mapping
from typing import Final

# The language, and the endings of its files' names.
_ENDINGS: Final[Mapping[str, str]] = {
    "Ada": "adb ads",
    "Assembly": "asm s nasm",
    "Astro": "astro",
    "Awk": "awk gawk",
    "Batch": "bat cmd",
    "C": "c h idc",
    "C#": "cs csx cake",
    "C++": "cpp cc cxx c++ hpp hh hxx h++ ipp tpp inl",
    "Clojure": "clj cljs cljc edn",
    "CMake": "cmake",
    "CoffeeScript": "coffee",
    "Common Lisp": "lisp lsp cl asd",
    "Crystal": "cr",
    "CSS": "css",
    "CUDA": "cu cuh",
    "D": "d di",
    "Dart": "dart",
    "Elixir": "ex exs",
    "Elm": "elm",
    "Emacs Lisp": "el",
    "Erlang": "erl hrl",
    "F#": "fs fsi fsx",
    "Fortran": "f f77 f90 f95 f03 f08 for",
    "GLSL": "glsl vert frag geom",
    "Go": "go",
    "Groovy": "groovy gradle gvy",
    "Haskell": "hs lhs",
    "HCL": "tf hcl tfvars",
    "HTML": "html htm xhtml",
    "Java": "java",
    "JavaScript": "js mjs cjs jsx",
    "Julia": "jl",
    "Jupyter Notebook": "ipynb",
    "Kotlin": "kt kts",
    "Less": "less",
    "Lua": "lua",
    "Makefile": "mk mak make",
    "Meson": "",
    "Nim": "nim nims",
    "Nix": "nix",
    "Objective-C": "m",
    "Objective-C++": "mm",
    "OCaml": "ml mli mll mly",
    "Pascal": "pas pp lpr dpr",
    "Perl": "pl pm t perl",
    "PHP": "php phtml php5",
    "PowerShell": "ps1 psm1 psd1",
    "Prolog": "pro prolog",
    "Python": "py pyi pyw pyx",
    "R": "r rmd",
    "Racket": "rkt",
    "Raku": "raku rakumod p6",
    "Ruby": "rb rake gemspec ru",
    "Rust": "rs",
    "Sass": "sass scss",
    "Scala": "scala sc sbt",
    "Scheme": "scm ss sld",
    "Shell": "sh bash zsh ksh fish bats",
    "Solidity": "sol",
    "SQL": "sql",
    "Starlark": "bzl star",
    "Svelte": "svelte",
    "Swift": "swift",
    "Tcl": "tcl tk",
    "TeX": "tex sty cls",
    "Thrift": "thrift",
    "TypeScript": "ts tsx mts cts",
    "V": "v",
    "Vala": "vala vapi",
    "Verilog": "sv svh vh",
    "VHDL": "vhd vhdl",
    "Vim script": "vim",
    "Visual Basic": "vb vbs bas",
    "Vue": "vue",
    "XSLT": "xsl xslt",
    "Yacc": "y yy",
    "Lex": "l lex",
    "Zig": "zig",
}
_NAMES: Final[Mapping[str, str]] = {
    "makefile": "Makefile",
    "gnumakefile": "Makefile",
    "makefile.am": "Makefile",
    "makefile.in": "Makefile",
    "kbuild": "Makefile",
    "dockerfile": "Dockerfile",
    "containerfile": "Dockerfile",
    "cmakelists.txt": "CMake",
    "meson.build": "Meson",
    "rakefile": "Ruby",
    "gemfile": "Ruby",
    "vagrantfile": "Ruby",
    "jenkinsfile": "Groovy",
    "build": "Starlark",
    "build.bazel": "Starlark",
    "workspace": "Starlark",
    "sconstruct": "Python",
    "configure.ac": "M4",
}
_PROGRAMS: Final[Mapping[str, str]] = {
    "sh": "Shell",
    "bash": "Shell",
    "dash": "Shell",
    "zsh": "Shell",
    "ksh": "Shell",
    "fish": "Shell",
    "python": "Python",
    "perl": "Perl",
    "ruby": "Ruby",
    "node": "JavaScript",
    "php": "PHP",
    "lua": "Lua",
    "tclsh": "Tcl",
    "wish": "Tcl",
    "awk": "Awk",
    "gawk": "Awk",
    "osascript": "AppleScript",
    "rscript": "R",
    "guile": "Scheme",
}
_BY_ENDING: Final = {ending: name for name, endings in _ENDINGS.items() for ending in endings.split()}
_FIRST_LINE: Final = re.compile(rb"#!\s*(?:\S*/)?(?:env\s+(?:-\S+\s+)*)?(?:\S*/)?([a-zA-Z]+)")

# What came from elsewhere, or from a program: nobody here wrote it.
_FOREIGN_FOLDERS: Final = frozenset(
    (
        *(b"node_modules", b"bower_components", b"jspm_packages", b".yarn", b"vendor", b"vendored"),
        *(b"third_party", b"third-party", b"thirdparty", b"3rdparty", b"external", b"externals", b"Godeps"),
        *(b"Pods", b"Carthage", b"dist", b"site-packages", b"__pycache__", b".venv", b"venv", b"generated"),
    )
)
_GENERATED: Final = re.compile(
    rb"(?:[.-]min\.(?:js|css)|\.bundle\.js|\.pb\.(?:go|cc|h)|_pb2(?:_grpc)?\.pyi?|\.g\.dart|\.designer\.cs"
    rb"|^(?:configure|ltmain\.sh|aclocal\.m4|jquery[^/]*\.js|d3\.js)|\.generated\.\w+)$",
    re.IGNORECASE,
)


def is_foreign_folder(name: bytes) -> bool:
    """Whether a folder of that name holds what came from elsewhere."""
    return name in _FOREIGN_FOLDERS


def is_generated(name: bytes) -> bool:
    """Whether a file of that name was written by a program."""
    return _GENERATED.search(name) is not None


def language_of(name: bytes) -> str | None:
    """The language of a file of that name; None where the name does not say, or for what is no language."""
    text = name.decode("ascii", "replace").lower()
    if text in _NAMES:
        return _NAMES[text]
    stem, dot, ending = text.rpartition(".")
    if stem == "dockerfile":
        return "Dockerfile"
    return _BY_ENDING.get(ending) if dot and stem else None


def has_ending(name: bytes) -> bool:
    """Whether the name has an ending, which says what the file is, even where we do not know it."""
    return b"." in name.strip(b".")


def language_of_program(first_bytes: bytes) -> str | None:
    """The language that a program's first line names."""
    found = _FIRST_LINE.match(first_bytes)
    return None if found is None else _PROGRAMS.get(found[1].decode().lower())
