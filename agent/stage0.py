# Stage 0: one line, an argument of `python -ESs -c`. NUMBER is the length of the core in bytes, filled in when hailer is
# built. It must pass any login shell inside one pair of single quotes, so it holds no quote of that kind, no backslash,
# exclamation mark, dollar, backquote or newline; where a loop needs lines, @ stands for the newline.
#
# It forgets the working directory as a place of modules, says which interpreter it runs in (put together here, so that
# an echo of the command line is not taken for it), leaves one that is too old with 3, reads exactly the core, and
# becomes it. Without zlib it leaves with 4, with a core that is not what was sent with 5, without all of it with 6.
import sys;sys.path[:]=[p for p in sys.path if p[:1]=="/"];import os,select;sys.dont_write_bytecode=True;n=NUMBER;v=sys.version_info;say=lambda t:os.write(1,(t+chr(10)).encode("utf-8","replace"));say(chr(10)+"hailer%d %d.%d.%d %s"%((0,)+v[:3]+(sys.executable,)));v[:2]==(2,7)or v>=(3,6)or os._exit(3);bare="hailer%d nozlib";lost="hailer: the agent arrived damaged; did a login profile read standard input?";exec("b=bytes()@while len(b)<n:@ select.select([0],[],[])@ c=os.read(0,n-len(b))@ b+=c or os._exit(6)@try:@ import zlib;b=zlib.decompress(b)@except ImportError:@ say(bare%0);os._exit(4)@except zlib.error:@ os.write(2,(lost+chr(10)).encode());os._exit(5)".replace("@",chr(10)));exec(compile(b,"hailer/core.py","exec"));start()
