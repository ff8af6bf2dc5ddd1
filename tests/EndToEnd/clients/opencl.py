import numpy as np, pyopencl as cl
import pyopencl.array as cla
a=np.random.rand(50000).astype(np.float32); b=np.random.rand(50000).astype(np.float32)
ctx=cl.create_some_context(interactive=False); q=cl.CommandQueue(ctx)
print(ctx.devices, q.device.platform)
mf=cl.mem_flags
ag=cl.Buffer(ctx,mf.READ_ONLY|mf.COPY_HOST_PTR,hostbuf=a); bg=cl.Buffer(ctx,mf.READ_ONLY|mf.COPY_HOST_PTR,hostbuf=b)
prg=cl.Program(ctx,"__kernel void sum(__global const float*a,__global const float*b,__global float*r){int g=get_global_id(0);r[g]=a[g]+b[g];}").build()
rg=cl.Buffer(ctx,mf.WRITE_ONLY,a.nbytes); k=prg.sum; k(q,a.shape,None,ag,bg,rg)
r=np.empty_like(a); cl.enqueue_copy(q,r,rg); assert np.linalg.norm(r-(a+b))==0
x=cla.to_device(q,a); y=cla.to_device(q,b); z=(x*y+3).get(); assert np.allclose(z,a*b+3)
import pyopencl.clmath as cm
assert np.allclose(cm.sin(x).get(),np.sin(a),atol=1e-5)
from pyopencl.reduction import ReductionKernel
assert abs(ReductionKernel(ctx,np.float32,'0',reduce_expr='a+b',map_expr='x[i]',arguments='__global float *x')(x).get()-a.sum())<10
from pyopencl.scan import InclusiveScanKernel
i=cla.arange(q,1000,dtype=np.int32); InclusiveScanKernel(ctx,np.int32,"a+b",neutral="0")(i); assert i.get()[-1]==499500
img=cl.image_from_array(ctx,np.arange(64*64*4,dtype=np.uint8).reshape(64,64,4),4)
o=np.empty((64,64,4),np.uint8); cl.enqueue_copy(q,o,img,origin=(0,0),region=(64,64)); assert o[3,5,1]==(3*64*4+5*4+1)%256
import pyopencl.clrandom as r_; rr=r_.PhiloxGenerator(ctx).uniform(q,1000,np.float32).get(); assert 0.4<rr.mean()<0.6
print('pyopencl ok')
