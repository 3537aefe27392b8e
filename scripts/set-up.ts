console.log('set-up');
